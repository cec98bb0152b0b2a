select
    'the shop' as orders_of,
    count(*) as orders
from orders
