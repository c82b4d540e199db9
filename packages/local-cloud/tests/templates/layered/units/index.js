// Converts units: the package of a layer.

exports.fahrenheit = (celsius) => (celsius * 9) / 5 + 32;
