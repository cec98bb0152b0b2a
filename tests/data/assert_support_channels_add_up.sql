-- What is counted by event adds up over the channels to `all`, and over the periods of a grain to what signals hold.
with by_channel as (

    select
        period_grain,
        period_start,
        tickets_opened,
        complaints,
        first_replies,
        tickets_solved,
        csat_responses,
        case when channel = 'all' then 1 else 0 end as is_all
    from {{ ref('support_kpis') }}

),

added_up as (

    select
        period_grain,
        period_start,
        is_all,
        sum(tickets_opened) as tickets_opened,
        sum(complaints) as complaints,
        sum(first_replies) as first_replies,
        sum(tickets_solved) as tickets_solved,
        sum(csat_responses) as csat_responses
    from by_channel
    group by
        period_grain,
        period_start,
        is_all

),

by_grain as (

    select
        period_grain,
        sum(tickets_opened + complaints + first_replies + tickets_solved + csat_responses) as events
    from added_up
    where is_all = 1
    group by period_grain

),

covered as (

    select coalesce(sum(rows), 0) as events
    from {{ ref('signal_coverage') }}
    where
        entity = 'activities'
        and signal in ('ticket_opened', 'complaint', 'ticket_first_reply', 'ticket_solved', 'csat')

)

select
    together.period_grain,
    'channels do not add up to all' as wrong
from added_up as together
inner join added_up as channels
    on
        together.period_grain = channels.period_grain
        and together.period_start = channels.period_start
        and together.is_all = 1
        and channels.is_all = 0
where
    together.tickets_opened <> channels.tickets_opened
    or together.complaints <> channels.complaints
    or together.first_replies <> channels.first_replies
    or together.tickets_solved <> channels.tickets_solved
    or together.csat_responses <> channels.csat_responses
union all
select
    by_grain.period_grain,
    'periods do not add up to signal_coverage' as wrong
from by_grain
cross join covered
where by_grain.events <> covered.events
