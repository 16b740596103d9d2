// Package examples runs the examples exactly as their READMEs say.
package examples
