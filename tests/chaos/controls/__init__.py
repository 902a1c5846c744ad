"""Publishers that must fail: they show that the faults of the chaos runs can do harm."""
