select
    booking_key,
    installation,
    class_key,
    member_key,
    state,
    rating,
    {{ pg_null('boolean') }} as is_late_cancel
from {{ ref('int_perfectgym__booking') }}
