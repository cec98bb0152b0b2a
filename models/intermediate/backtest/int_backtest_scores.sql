{{ health_scores('(' ~ health_components(ref('int_backtest_subjects')) ~ ')') }}
