"""The front door: the command line, the demo and the doctor."""

__version__ = "0.1.0"
