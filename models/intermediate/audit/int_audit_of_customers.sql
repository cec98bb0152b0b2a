{#- New customers are judged when they had 90 days, and who slipped away when the shop had 30. -#}
{%- set time_to_return, time_to_react = 90, 30 -%}
{#- Measure: of whom it is, who of them counts, and the first and last day looked at, in days before as_of_date. -#}
{%- set measures = {
    'returned_within_90_days': (
        'was_new',
        'second_order_date <= ' ~ add_days('first_order_date', time_to_return),
        time_to_return + 364,
        time_to_return,
    ),
    'contacted_unasked': (
        'not is_lost and may_be_contacted', 'contacted_on > before_recent', 89, 0
    ),
    'health_beyond_purchases': ('not is_lost', 'has_health_beyond_purchases', 0, 0),
    'referred_new_customers': ('first_order_date > before_year', 'is_referred', 364, 0),
    'community_customers': ('not is_lost', 'posted_on > before_year', 364, 0),
    'upsell_by_behaviour': (
        'not is_lost and slipped_on > as_of_date and may_be_contacted',
        'offered_on > before_year',
        364,
        0,
    ),
    'contacted_inactive': (
        'has_slipped_away and may_be_contacted', 'contacted_on >= slipped_on', 729, 0
    ),
} -%}
with as_of as (

    select
        as_of_date,
        {{ add_days('as_of_date', -90) }} as before_recent,
        {{ add_days('as_of_date', -365) }} as before_year
    from {{ ref('int_as_of') }}
    where first_order_date is not null

),

subjects as (

    select
        customers.*,
        as_of.as_of_date,
        as_of.before_recent,
        as_of.before_year,
        customers.first_order_date > {{ add_days('as_of.before_year', -time_to_return) }}
        and customers.first_order_date <= {{ add_days('as_of.as_of_date', -time_to_return) }} as was_new,
        customers.last_order_date > {{ add_days('as_of.as_of_date', -730) }}
        and customers.slipped_on <= {{ add_days('as_of.as_of_date', -time_to_react) }} as has_slipped_away
    from {{ ref('int_audit_customers') }} as customers
    cross join as_of

),

counted as (

    select
        {% for measure, (of_whom, counts, first_day, last_day) in measures.items() %}
            count(case when {{ of_whom }} then 1 end) as {{ measure }}_whole,
            count(case when {{ of_whom }} and {{ counts }} then 1 end) as {{ measure }}_part,
        {% endfor %}
        count(*) as customers
    from subjects

)

{% for measure, (of_whom, counts, first_day, last_day) in measures.items() %}
    select
        '{{ measure }}' as measure,
        counted.{{ measure }}_part as measured_part,
        counted.{{ measure }}_whole as measured_whole,
        {{ add_days('as_of.as_of_date', -first_day) }} as from_date,
        {{ add_days('as_of.as_of_date', -last_day) }} as to_date
    from as_of
    cross join counted
    {{ 'union all' if not loop.last }}
{% endfor %}
