"""A folder for PYTHONPATH: the processes it is given to start and end sooner (`sitecustomize`)."""
