package stub

import "bytes"

// LedgerFile is where a workbook lists the stubs that were ever derived, slash-separated and under its root.
const LedgerFile = ledgerFile

// Derived tells whether text is, line ends aside, a stub of ours by the ledger of some workbook, which is the text of
// its LedgerFile. It is for those who have another version of the workbook before them than the one on disk.
func Derived(ledger, text []byte) bool {
	return bytes.Contains(ledger, []byte(sumOf(text)+"  "))
}
