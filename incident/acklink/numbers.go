package acklink

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// prefix begins every incident's number.
const prefix = "INC-"

// maxPacked bounds the numbers in a link, in bytes.
const maxPacked = 400

// Fitting returns the first of some incidents' numbers that one link can
// carry; the rest need links of their own.
func Fitting(numbers []string) []string {
	for n := len(numbers); n > 0; n /= 2 {
		if len(pack(numbers[:n])) <= maxPacked {
			return numbers[:n]
		}
	}
	return nil
}

// pack writes numbers shortly: those that follow one another are a span. What
// is no number of the usual form is written as it is.
func pack(numbers []string) string {
	var parts []string
	var plain []int
	for _, number := range numbers {
		short := strings.TrimPrefix(number, prefix)
		n, err := strconv.Atoi(short)
		if err != nil || strconv.Itoa(n) != short {
			parts = append(parts, short)
			continue
		}
		plain = append(plain, n)
	}
	slices.Sort(plain)
	for at := 0; at < len(plain); {
		end := at
		for end+1 < len(plain) && plain[end+1] == plain[end]+1 {
			end++
		}
		if end == at {
			parts = append(parts, strconv.Itoa(plain[at]))
		} else {
			parts = append(parts, fmt.Sprintf("%d-%d", plain[at], plain[end]))
		}
		at = end + 1
	}
	return strings.Join(parts, ",")
}

// maxSpan bounds how many numbers one link can name.
const maxSpan = 10_000

// unpack reads what pack wrote; what it did not write names nothing.
func unpack(text string) []string {
	var out []string
	for part := range strings.SplitSeq(text, ",") {
		first, last, span := strings.Cut(part, "-")
		if !span {
			if part != "" {
				out = append(out, prefix+part)
			}
			continue
		}
		from, err1 := strconv.Atoi(first)
		until, err2 := strconv.Atoi(last)
		if err1 != nil || err2 != nil || until-from >= maxSpan {
			continue
		}
		for n := from; n <= until; n++ {
			out = append(out, prefix+strconv.Itoa(n))
		}
	}
	return out
}
