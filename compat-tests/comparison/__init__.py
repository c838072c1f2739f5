"""What it means that two brokers give the same answer: which values a broker is free to choose
(undetermined.py), how two answers are compared, and which differences are known (differences.py)."""
