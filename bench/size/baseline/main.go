// Command baseline is what the size of a client is compared with: a program
// that gets credentials and calls over HTTP.
package main

import (
	"fmt"
	"net/http"

	"github.com/aliyun/credentials-go/credentials"
)

func main() {
	cred, err := credentials.NewCredential(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := cred.GetCredential(); err != nil {
		fmt.Println(err)
	}
	resp, err := http.Post("http://127.0.0.1:1/", "application/x-www-form-urlencoded", http.NoBody)
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = resp.Body.Close()
}
