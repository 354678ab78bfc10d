"""EcoChat's tests: ``trial tests``, or ``make test`` for everything that is checked."""
