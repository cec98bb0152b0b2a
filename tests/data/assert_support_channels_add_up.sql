-- What is counted by event adds up over the channels to `all`, and over the periods of a grain to what signals hold.
{%- set events = {
    'tickets_opened': 'ticket_opened',
    'complaints': 'complaint',
    'first_replies': 'ticket_first_reply',
    'tickets_solved': 'ticket_solved',
    'csat_responses': 'csat',
} %}
with by_channel as (

    select
        period_grain,
        period_start,
        {% for column in events %}
            sum(case when channel = 'all' then {{ column }} else 0 end) as all_{{ column }},
            sum(case when channel <> 'all' then {{ column }} else 0 end) as {{ column }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('support_kpis') }}
    group by
        period_grain,
        period_start

),

covered as (

    select
        {% for column, activity_type in events.items() %}
            coalesce(sum(case when signal = '{{ activity_type }}' then rows end), 0) as {{ column }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('signal_coverage') }}
    where entity = 'activities'

),

by_grain as (

    select
        period_grain,
        {% for column in events %}
            sum({{ column }}) as {{ column }}{{ ',' if not loop.last }}
        {% endfor %}
    from by_channel
    group by period_grain

)

select
    period_grain,
    'channels do not add up to all' as wrong
from by_channel
where
    {% for column in events %}
        {{ 'or ' if not loop.first }}{{ column }} <> all_{{ column }}
    {% endfor %}
union all
select
    by_grain.period_grain,
    'periods do not add up to signal_coverage' as wrong
from by_grain
cross join covered
where
    {% for column in events %}
        {{ 'or ' if not loop.first }}by_grain.{{ column }} <> covered.{{ column }}
    {% endfor %}
