{# Where bookings are complete, each that has a place in a held class is attended, no_show or not_recorded,
   unless the class ended too short a time ago. #}
select classes.class_key, classes.booked, classes.attended, classes.no_show, classes.not_recorded
from {{ ref('fct_class') }} as classes
inner join {{ ref('int_perfectgym__class') }} as known on known.class_key = classes.class_key
where classes.state = 'held'
    and known.is_over
    and classes.is_bookings_complete
    and classes.booked <> classes.attended + classes.no_show + classes.not_recorded
