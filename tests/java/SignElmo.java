import java.io.FileInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import javax.xml.crypto.dsig.CanonicalizationMethod;
import javax.xml.crypto.dsig.Reference;
import javax.xml.crypto.dsig.SignedInfo;
import javax.xml.crypto.dsig.Transform;
import javax.xml.crypto.dsig.XMLSignatureFactory;
import javax.xml.crypto.dsig.dom.DOMSignContext;
import javax.xml.crypto.dsig.keyinfo.KeyInfo;
import javax.xml.crypto.dsig.keyinfo.KeyInfoFactory;
import javax.xml.crypto.dsig.spec.C14NMethodParameterSpec;
import javax.xml.crypto.dsig.spec.TransformParameterSpec;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.dom.DOMSource;
import javax.xml.transform.stream.StreamResult;
import org.w3c.dom.Document;

/**
 * Signs an ELMO file as a provider written in Java does, with the JDK alone.
 *
 * Arguments: key (PKCS#8 PEM), its algorithm (RSA, EC), certificate, signature method, digest
 * method, canonicalisation, "twice" when it is named as a transform too; then pairs of input and output.
 * After "--" the same again, for another provider.
 */
public class SignElmo {
    public static void main(String[] arguments) throws Exception {
        List<String> left = List.of(arguments);
        while (!left.isEmpty()) {
            int end = left.indexOf("--");
            int length = end < 0 ? left.size() : end;
            signAll(left.subList(0, length).toArray(new String[0]));
            left = left.subList(Math.min(length + 1, left.size()), left.size());
        }
    }

    private static void signAll(String[] a) throws Exception {
        String pem = Files.readString(Path.of(a[0])).replaceAll("-----[A-Z ]+-----|\\s", "");
        PrivateKey key = KeyFactory.getInstance(a[1])
                .generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(pem)));
        X509Certificate certificate;
        try (FileInputStream in = new FileInputStream(a[2])) {
            certificate =
                    (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
        }
        for (int i = 7; i + 1 < a.length; i += 2) {
            sign(key, certificate, a, Path.of(a[i]), Path.of(a[i + 1]));
        }
    }

    private static void sign(
            PrivateKey key, X509Certificate certificate, String[] a, Path input, Path output)
            throws Exception {
        DocumentBuilderFactory builders = DocumentBuilderFactory.newInstance();
        builders.setNamespaceAware(true);
        Document document = builders.newDocumentBuilder().parse(Files.newInputStream(input));
        XMLSignatureFactory factory = XMLSignatureFactory.getInstance("DOM");
        List<Transform> transforms = new ArrayList<>();
        transforms.add(factory.newTransform(Transform.ENVELOPED, (TransformParameterSpec) null));
        if (a[6].equals("twice")) {
            transforms.add(factory.newTransform(a[5], (TransformParameterSpec) null));
        }
        Reference reference = factory.newReference(
                "", factory.newDigestMethod(a[4], null), transforms, null, null);
        SignedInfo signedInfo = factory.newSignedInfo(
                factory.newCanonicalizationMethod(a[5], (C14NMethodParameterSpec) null),
                factory.newSignatureMethod(a[3], null),
                List.of(reference));
        KeyInfoFactory keyInfos = factory.getKeyInfoFactory();
        KeyInfo keyInfo = keyInfos.newKeyInfo(List.of(keyInfos.newX509Data(
                List.of(certificate.getSubjectX500Principal().getName(), certificate))));
        factory.newXMLSignature(signedInfo, keyInfo)
                .sign(new DOMSignContext(key, document.getDocumentElement()));
        TransformerFactory.newInstance().newTransformer().transform(
                new DOMSource(document), new StreamResult(output.toFile()));
    }
}
