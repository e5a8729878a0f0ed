// A certificate for *.hostile.test that vouches for itself, and its key. Made for tests, good for a hundred years, trusted by nobody.
export const certificate = `-----BEGIN CERTIFICATE-----
MIIBrTCCAVSgAwIBAgIUbKNUjSs7PEBe743KiZJDZywDRiIwCgYIKoZIzj0EAwIw
FzEVMBMGA1UEAwwMaG9zdGlsZS50ZXN0MCAXDTI2MTEyMzE4NTgwM1oYDzIxMjYx
MDMwMTg1ODAzWjAXMRUwEwYDVQQDDAxob3N0aWxlLnRlc3QwWTATBgcqhkjOPQIB
BggqhkjOPQMBBwNCAARFm0hREMU3d9uhoeS43xaDb0ctFlsV1fUFCivbjl7lI73A
01vSN2DR3beXG6NHaEffBougM3RNdrs2uky0GNkWo3wwejAdBgNVHQ4EFgQUON4c
mf1VdlatItw11obgr8kF5UMwHwYDVR0jBBgwFoAUON4cmf1VdlatItw11obgr8kF
5UMwJwYDVR0RBCAwHoIMaG9zdGlsZS50ZXN0gg4qLmhvc3RpbGUudGVzdDAPBgNV
HRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0cAMEQCIGNgWABYzY7hp1JazgSccZFy
6zhGMRckwpsC9ga5ZvdWAiBce91UiHp09jrZUD0MfX6akZrs+ay/uAO89Pb6BeGo
wQ==
-----END CERTIFICATE-----
`;

export const privateKey = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgl/NiOq3JVpih26yc
ipp9iSsNMYlkwHHhw+7RQSp2IMOhRANCAARFm0hREMU3d9uhoeS43xaDb0ctFlsV
1fUFCivbjl7lI73A01vSN2DR3beXG6NHaEffBougM3RNdrs2uky0GNkW
-----END PRIVATE KEY-----
`;
