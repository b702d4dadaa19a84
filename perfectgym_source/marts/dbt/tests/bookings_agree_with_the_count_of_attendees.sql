{# v1: where bookings are complete and nobody waits, they are as many as the API counted. #}
select classes.installation, sum(classes.booked) as booked, sum(known.attendees_count) as counted
from {{ ref('fct_class') }} as classes
inner join {{ ref('int_perfectgym__class') }} as known on known.class_key = classes.class_key
where classes.is_bookings_complete and classes.standby = 0 and not known.is_standby_counted
group by classes.installation
having sum(classes.booked) <> sum(known.attendees_count)
