// Package k8s keeps a TLS identity of package identity in a Kubernetes Secret:
// one certificate for all replicas of a Deployment, on whatever nodes they run.
//
//	config, err := rest.InClusterConfig()
//	if err != nil {
//		return err
//	}
//	api, err := kubernetes.NewForConfig(config)
//	if err != nil {
//		return err
//	}
//	store := k8s.SecretStore(api, "wallet", "wallet-identity")
//	bundle, err := identity.Ensure(ctx, client, store, req)
//
// The command cmd/antcert-ensure does that for services that only read files,
// and deploy/ holds manifests for it.
//
// # What must be known
//
// The Secret holds the private key, encrypted with the password as the service
// hands it over. Whoever can read the Secret and knows the password has the
// identity.
//
// The Secret is the memory of what was applied for. Deleting it is
// identity.Clear without its waiting time: the next Ensure enrolls anew, while a
// message of the old enrollment may still be on its way. Restoring the cluster's
// etcd from a backup brings an old record back: look at the Secret afterwards,
// before anything calls Ensure.
package k8s
