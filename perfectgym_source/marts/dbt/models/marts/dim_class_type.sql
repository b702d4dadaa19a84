select class_type_key, installation, name, category, is_deleted, is_inferred
from {{ ref('int_perfectgym__class_type') }}
