"""What the models said of past dates against what then happened, beside a simple rival: docs/backtests.md."""
