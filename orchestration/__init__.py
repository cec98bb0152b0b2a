"""How a refresh of the warehouse is run and reported."""
