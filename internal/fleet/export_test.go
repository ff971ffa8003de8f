package fleet

// ReadLimited is Read with another limit of portals in CSV.
var ReadLimited = read
