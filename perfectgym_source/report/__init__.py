"""The report: charts over the marts, as an app in the browser or as one HTML file."""
