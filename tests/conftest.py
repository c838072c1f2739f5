"""For all tests."""

from hypothesis import HealthCheck, settings

# Nothing fails because the machine is busy.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")
