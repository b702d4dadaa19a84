"""Query options of OData: read strictly, against the types of the facts."""
