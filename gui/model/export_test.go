package model

// FactName is the name of a fact in the reader's language; false if it has none.
var FactName = factName
