<?php
// Signs ELMO files as a provider written in PHP does: with xmlseclibs, which Moodle's uses, out of
// Debian's SimpleSAMLphp.
//
// Arguments: the folder of SimpleSAMLphp, key (PEM), certificate (PEM), signature method, digest method,
// canonical form; then pairs of input and output.

declare(strict_types=1);

use RobRichards\XMLSecLibs\XMLSecurityDSig;
use RobRichards\XMLSecLibs\XMLSecurityKey;

[, $folder, $keyFile, $certificateFile, $method, $digest, $form] = $argv;
require $folder . '/vendor/autoload.php';

$key = new XMLSecurityKey($method, ['type' => 'private']);
$key->loadKey($keyFile, true);
for ($i = 7; $i + 1 < $argc; $i += 2) {
    $document = new DOMDocument();
    $document->load($argv[$i]);
    $signature = new XMLSecurityDSig('');
    $signature->setCanonicalMethod($form);
    $signature->addReference(
        $document,
        $digest,
        ['http://www.w3.org/2000/09/xmldsig#enveloped-signature', $form],
        ['force_uri' => true]
    );
    $signature->sign($key);
    $signature->add509Cert(file_get_contents($certificateFile), true, false, ['subjectName' => true]);
    $signature->appendSignature($document->documentElement);
    $document->save($argv[$i + 1]);
}
