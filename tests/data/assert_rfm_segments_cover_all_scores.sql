-- Every pair of recency and frequency score has a segment, so no customer is without one.
with scores as (

    {{ whole_numbers(4, digits=1) | indent(4) }}

)

select
    recency.number + 1 as r_score,
    frequency.number + 1 as f_score
from scores as recency
cross join scores as frequency
left join {{ ref('rfm_segments') }} as segments
    on
        recency.number + 1 = segments.r_score
        and frequency.number + 1 = segments.f_score
where segments.rfm_segment is null
