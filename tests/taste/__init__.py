"""Tests of what an owner likes."""
