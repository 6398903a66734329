"""Functions that a template has only with AWS::LanguageExtensions, and those that can do more with it, one file each.

A function of the same name takes the place of the one in `intrinsics`.
"""
