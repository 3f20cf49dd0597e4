// Sends the answer to the application; the button does the same where scripts are off.
document.getElementById("answer").submit();
