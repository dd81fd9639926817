"""One toy model in four tools; `spec` says what it is."""
