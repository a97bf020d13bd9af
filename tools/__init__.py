"""What the Makefile and .ci/run call; nothing of the product imports it."""
