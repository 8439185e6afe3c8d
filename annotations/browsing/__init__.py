"""The genome browser: igv.js over the job's own VCF and the installed reference, nothing from elsewhere."""
