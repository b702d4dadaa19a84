"""API v2.2 (OData) in the sandbox: 129 entity sets over the rows of the same world as v1.

Sets with a counterpart in v1 show v1's rows under the same ids (`views`); the others hold
generic rows made from the facts. It knows the API from the vendor's facts alone.
"""
