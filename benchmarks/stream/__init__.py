"""What the benchmark of streams is made of: code by hand to compare with, and watchers from outside."""
