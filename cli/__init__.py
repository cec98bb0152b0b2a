"""The command `stammkunde`: on top of everything, for it starts what lies below it."""
