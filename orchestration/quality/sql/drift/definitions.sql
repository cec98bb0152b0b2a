-- Figures of months that were over in both builds and are otherwise now, where a setting or a model changed.
with moved as (

    select
        figures.period_start,
        figures.figure,
        figures_before.value as value_before,
        figures.value as value_now
    from figures_of_months('retention_kpis') as figures
    inner join figures_of_months('retention_kpis_before') as figures_before
        on
            figures.period_start = figures_before.period_start
            and figures.figure = figures_before.figure
    where abs(figures.value - figures_before.value) > 1e-9 * greatest(1, abs(figures.value))

),

all_moved as (

    select
        count(*) as figures,
        max(period_start) as month_start,
        max_by(figure, period_start) as figure,
        max_by(value_before, period_start) as value_before,
        max_by(value_now, period_start) as value_now
    from moved

)

select
    definition_changes.definition,
    definition_changes.was,
    definition_changes.is_now,
    all_moved.month_start,
    all_moved.value_before,
    all_moved.value_now,
    all_moved.figures as moved_figures,
    coalesce(all_moved.figure, '') as figure
from definition_changes
cross join all_moved
