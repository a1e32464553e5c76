"""What pytest loads from this package by itself: readable failures of the conformance kit."""

import pytest

# Without this, users see bare assertion errors from an installed wheel.
pytest.register_assert_rewrite("persona.testing._conformance")
