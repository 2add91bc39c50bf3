package baas

import "github.com/antchain-go/baas/internal/endpoint"

const defaultRegion = "cn-hangzhou"

// regionEndpoint is what serves a region. The official SDKs carry the same
// exceptions.
func regionEndpoint(region string) endpoint.Endpoint {
	host := "baas." + region + ".aliyuncs.com"
	switch region {
	case "cn-qingdao", "cn-beijing", "cn-zhangjiakou", "cn-huhehaote", "cn-shanghai", "cn-shenzhen":
		host = "baas.aliyuncs.com"
	case "cn-hongkong", "ap-southeast-2", "ap-northeast-1", "ap-south-1", "eu-west-1", "eu-central-1",
		"us-west-1", "us-east-1":
		host = "baas.ap-southeast-1.aliyuncs.com"
	}
	return endpoint.Endpoint{Scheme: "https", Host: host}
}
