{#- How far the next order is overdue: steps of `usual_gaps_passed`. -#}
{% macro health_purchase(subjects) -%}
with multiples as (

    {{ purchase_rhythm(subjects) | indent(4) }}

)

select
    multiples.customer_id,
    multiples.as_of_date,
    case
        when multiples.usual_gaps_passed <= limits.purchase_score_5 then 5
        when multiples.usual_gaps_passed <= limits.purchase_score_4 then 4
        when multiples.usual_gaps_passed <= limits.purchase_score_3 then 3
        when multiples.usual_gaps_passed <= limits.purchase_score_2 then 2
        when multiples.usual_gaps_passed is not null then 1
    end as health_purchase
from multiples
cross join {{ ref('int_health_limits') }} as limits
{%- endmacro %}
