{{ calendar_of(ref('int_days'), 'calendar_date') }}
