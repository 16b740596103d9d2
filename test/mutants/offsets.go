package main

var offsetsMutants = []mutant{}
