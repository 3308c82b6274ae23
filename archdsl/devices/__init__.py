"""Networks on several devices."""
