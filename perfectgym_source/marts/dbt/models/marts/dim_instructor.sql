select
    instructor_key,
    installation,
    first_name,
    last_name,
    display_name,
    is_active,
    employee_id,
    is_deleted,
    is_inferred
from {{ ref('int_perfectgym__instructor') }}
