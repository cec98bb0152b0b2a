-- Kinds of activities with at least a hundred events in the year before, by the system that records them: how long
-- there has been none, beside the longest such pause of that year.
with builds as (

    select max(order_date) as last_day
    from orders

),

pauses as (

    select
        signal_days.signal,
        signal_days.source_system,
        signal_days.signal_date,
        signal_days.events,
        lead(signal_days.signal_date) over (
            partition by signal_days.signal, signal_days.source_system
            order by signal_days.signal_date
        ) - signal_days.signal_date as days_to_the_next
    from signal_days
    cross join builds
    where signal_days.signal_date > builds.last_day - 400

),

signals as (

    select
        pauses.signal,
        coalesce(pauses.source_system, 'a system without a name') as source_system,
        sum(pauses.events) as events,
        max(pauses.signal_date) as last_date,
        max(pauses.days_to_the_next) as longest_pause
    from pauses
    group by
        pauses.signal,
        pauses.source_system
    having sum(pauses.events) >= 100

)

select
    signals.signal,
    signals.source_system,
    signals.events,
    signals.last_date,
    signals.longest_pause,
    builds.last_day - signals.last_date as days_without_events,
    (builds.last_day - signals.last_date) / greatest(signals.longest_pause, 2) as times_the_longest_pause
from signals
cross join builds
where signals.longest_pause is not null
order by
    signals.signal,
    signals.source_system
