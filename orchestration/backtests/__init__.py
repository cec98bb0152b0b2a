"""`stammkunde backtest`: the predictions of past dates, against what then happened, in words and as pages."""
