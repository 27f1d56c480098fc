"""Tests of janus_notebook; the folders mirror the package."""
