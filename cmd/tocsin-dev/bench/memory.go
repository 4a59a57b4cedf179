package bench

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Usage is how much memory a process has, in MB of a million bytes.
type Usage struct {
	// Resident is what it has now, Peak the most that it ever had.
	Resident, Peak float64
	// Files is what of Resident stands in files, above all in the program's:
	// processes of one program share it.
	Files float64
}

// UsageOf reads how much memory the process with an id has; zeroes where there
// is none, or the machine does not tell.
func UsageOf(pid int) Usage {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return Usage{}
	}
	var out Usage
	for line := range strings.Lines(string(data)) {
		name, value, _ := strings.Cut(line, ":")
		switch name {
		case "VmRSS":
			out.Resident = megabytes(value)
		case "VmHWM":
			out.Peak = megabytes(value)
		case "RssFile":
			out.Files = megabytes(value)
		}
	}
	return out
}

// megabytes reads what the kernel wrote in kB, by which it means 1024 bytes.
func megabytes(value string) float64 {
	kb, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 64)
	if err != nil {
		return 0
	}
	return kb * 1024 / 1e6
}
