"""Computes the graphs of Assay's model documents on torch."""
