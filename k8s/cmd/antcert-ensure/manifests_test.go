package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	authv1 "k8s.io/api/authentication/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
)

const manifests = "../../deploy"

// readManifests parses all manifests, strictly.
func readManifests(t *testing.T) []runtime.Object {
	t.Helper()
	decoder := json.NewSerializerWithOptions(json.DefaultMetaFactory, scheme.Scheme, scheme.Scheme, json.SerializerOptions{Yaml: true, Strict: true})
	files, err := filepath.Glob(filepath.Join(manifests, "*.yaml"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	var objects []runtime.Object
	for _, file := range files {
		f, err := os.Open(file)
		require.NoError(t, err)
		defer func() { _ = f.Close() }()
		documents := yaml.NewDocumentDecoder(f)
		buffer := make([]byte, 64<<10)
		for {
			n, err := documents.Read(buffer)
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err, file)
			object, _, err := decoder.Decode(buffer[:n], nil, nil)
			require.NoError(t, err, file)
			objects = append(objects, object)
		}
	}
	return objects
}

// find returns the manifest of a kind with the name.
func find[T metav1.Object](t *testing.T, objects []runtime.Object, name string) T {
	t.Helper()
	for _, object := range objects {
		if found, ok := object.(T); ok && found.GetName() == name {
			return found
		}
	}
	var none T
	t.Fatalf("there is no %T %s", none, name)
	return none
}

// templates are the pods of the manifests, and the container of each that is
// this command.
func templates(t *testing.T, objects []runtime.Object) map[string]corev1.PodTemplateSpec {
	t.Helper()
	return map[string]corev1.PodTemplateSpec{
		"Job":        find[*batchv1.Job](t, objects, "antcert-ensure").Spec.Template,
		"Deployment": find[*appsv1.Deployment](t, objects, "wallet").Spec.Template,
	}
}

func commandOf(spec corev1.PodSpec) corev1.Container {
	if len(spec.InitContainers) > 0 {
		return spec.InitContainers[0]
	}
	return spec.Containers[0]
}

// The manifests set what the command reads, and nothing else.
func TestManifestsConfigureTheCommand(t *testing.T) {
	t.Parallel()
	objects := readManifests(t)
	settings := find[*corev1.ConfigMap](t, objects, "antcert-ensure").Data
	for kind, template := range templates(t, objects) {
		env := map[string]string{}
		for name, value := range settings {
			env[name] = value
		}
		container := commandOf(template.Spec)
		for _, e := range container.Env {
			env[e.Name] = e.Value
			if e.ValueFrom != nil {
				env[e.Name] = "wallet"
			}
		}
		password := filepath.Join(t.TempDir(), "password")
		require.NoError(t, os.WriteFile(password, []byte("pass word\n"), 0o600))
		require.Equal(t, "/password/password", env["ANTCHAIN_KEY_PASSWORD_FILE"])
		env["ANTCHAIN_KEY_PASSWORD_FILE"] = password

		read := map[string]bool{}
		c, err := parse(nil, func(name string) string { read[name] = true; return env[name] }, io.Discard)
		require.NoError(t, err, kind)
		for name := range env {
			assert.True(t, read[name] || strings.HasPrefix(name, "ALIBABA_CLOUD_"), "%s: nobody reads %s", kind, name)
		}
		assert.Equal(t, "wallet-identity", c.secret)
		assert.Equal(t, "pass word", c.request.Password)

		yes := true
		assert.Equal(t, &yes, container.SecurityContext.ReadOnlyRootFilesystem, kind)
		assert.Equal(t, &yes, template.Spec.SecurityContext.RunAsNonRoot, kind)
		mounted := map[string]bool{}
		for _, m := range container.VolumeMounts {
			mounted[m.MountPath] = !m.ReadOnly
		}
		for _, dir := range []string{c.rescueDir, filepath.Dir(c.outDir)} {
			if dir != "." {
				assert.True(t, mounted[dir], "%s: %s cannot be written", kind, dir)
			}
		}
	}
}

// RBAC names the one Secret; create stands apart.
func TestManifestsRBAC(t *testing.T) {
	t.Parallel()
	objects := readManifests(t)
	secrets := func(verbs []string, names ...string) []rbacv1.PolicyRule {
		return []rbacv1.PolicyRule{rule(verbs, names...)}
	}
	assert.Equal(t, secrets([]string{"get", "update"}, "wallet-identity"), find[*rbacv1.Role](t, objects, "antcert-ensure").Rules)
	assert.Equal(t, secrets([]string{"create"}), find[*rbacv1.Role](t, objects, "antcert-ensure-create").Rules)
}

// The manifests are applied, server-side dry run and for real, and the service
// account's own token is enough and not more.
func TestManifestsOnACluster(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	objects := readManifests(t)
	for _, dryRun := range []bool{true, false} {
		for _, object := range objects {
			s.apply(t, object, dryRun)
		}
	}
	for kind, template := range templates(t, objects) {
		pod := &corev1.Pod{ObjectMeta: template.ObjectMeta, Spec: template.Spec}
		pod.Name = "pod"
		_, err := s.cluster.Client.CoreV1().Pods(s.namespace).Create(t.Context(), pod, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		require.NoError(t, err, "%s: a pod under the restricted Pod Security Standard", kind)
	}
	c := s.start(t, s.cluster.Kubeconfig(t, s.namespace, "antcert-ensure", s.apiServer()))
	require.Equal(t, exitDone, c.code(t), "%s", &c.log)
	s.requireIdentity(t)
	require.Equal(t, 1, s.server.Issued())
	s.requireRefused(t)
}

// apply is what kubectl apply --server-side does.
func (s *site) apply(t *testing.T, object runtime.Object, dryRun bool) {
	t.Helper()
	data, err := runtime.Encode(scheme.Codecs.LegacyCodec(object.GetObjectKind().GroupVersionKind().GroupVersion()), object)
	require.NoError(t, err)
	force := true
	options := metav1.PatchOptions{FieldManager: "test", Force: &force, FieldValidation: metav1.FieldValidationStrict}
	if dryRun {
		options.DryRun = []string{metav1.DryRunAll}
	}
	client, ctx, name := s.cluster.Client, t.Context(), object.(metav1.Object).GetName()
	switch object.(type) {
	case *corev1.ServiceAccount:
		_, err = client.CoreV1().ServiceAccounts(s.namespace).Patch(ctx, name, types.ApplyPatchType, data, options)
	case *corev1.ConfigMap:
		_, err = client.CoreV1().ConfigMaps(s.namespace).Patch(ctx, name, types.ApplyPatchType, data, options)
	case *rbacv1.Role:
		_, err = client.RbacV1().Roles(s.namespace).Patch(ctx, name, types.ApplyPatchType, data, options)
	case *rbacv1.RoleBinding:
		_, err = client.RbacV1().RoleBindings(s.namespace).Patch(ctx, name, types.ApplyPatchType, data, options)
	case *batchv1.Job:
		_, err = client.BatchV1().Jobs(s.namespace).Patch(ctx, name, types.ApplyPatchType, data, options)
	case *appsv1.Deployment:
		_, err = client.AppsV1().Deployments(s.namespace).Patch(ctx, name, types.ApplyPatchType, data, options)
	default:
		t.Fatalf("%T", object)
	}
	require.NoError(t, err, "%T %s, dry run %t", object, name, dryRun)
}

// requireRefused is the table of what the service account may not do.
func (s *site) requireRefused(t *testing.T) {
	t.Helper()
	account, err := kubernetes.NewForConfig(s.cluster.As(t, s.namespace, "antcert-ensure"))
	require.NoError(t, err)
	other := s.cluster.Namespace(t)
	secrets, elsewhere := account.CoreV1().Secrets(s.namespace), account.CoreV1().Secrets(other)
	named := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "another"}}
	for what, do := range map[string]func(context.Context) error{
		"list secrets":  func(ctx context.Context) error { _, err := secrets.List(ctx, metav1.ListOptions{}); return err },
		"watch secrets": func(ctx context.Context) error { _, err := secrets.Watch(ctx, metav1.ListOptions{}); return err },
		"get another secret": func(ctx context.Context) error {
			_, err := secrets.Get(ctx, "another", metav1.GetOptions{})
			return err
		},
		"update another secret": func(ctx context.Context) error {
			_, err := secrets.Update(ctx, named, metav1.UpdateOptions{})
			return err
		},
		"patch the secret": func(ctx context.Context) error {
			_, err := secrets.Patch(ctx, secretName, types.MergePatchType, []byte("{}"), metav1.PatchOptions{})
			return err
		},
		"delete the secret": func(ctx context.Context) error { return secrets.Delete(ctx, secretName, metav1.DeleteOptions{}) },
		"delete all secrets": func(ctx context.Context) error {
			return secrets.DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{})
		},
		"get the secret elsewhere": func(ctx context.Context) error {
			_, err := elsewhere.Get(ctx, secretName, metav1.GetOptions{})
			return err
		},
		"create a secret elsewhere": func(ctx context.Context) error {
			_, err := elsewhere.Create(ctx, named, metav1.CreateOptions{})
			return err
		},
		"get the config map": func(ctx context.Context) error {
			_, err := account.CoreV1().ConfigMaps(s.namespace).Get(ctx, "antcert-ensure", metav1.GetOptions{})
			return err
		},
		"list pods": func(ctx context.Context) error {
			_, err := account.CoreV1().Pods(s.namespace).List(ctx, metav1.ListOptions{})
			return err
		},
		"create a job": func(ctx context.Context) error {
			_, err := account.BatchV1().Jobs(s.namespace).Create(ctx, &batchv1.Job{}, metav1.CreateOptions{})
			return err
		},
		"get a role": func(ctx context.Context) error {
			_, err := account.RbacV1().Roles(s.namespace).Get(ctx, "antcert-ensure", metav1.GetOptions{})
			return err
		},
		"get a token of the account": func(ctx context.Context) error {
			_, err := account.CoreV1().ServiceAccounts(s.namespace).CreateToken(ctx, "antcert-ensure", &authv1.TokenRequest{}, metav1.CreateOptions{})
			return err
		},
	} {
		assert.True(t, apierrors.IsForbidden(do(t.Context())), "%s", what)
	}
}
