import './base.css';
import './picker.css';
import './roster.css';
import './first-use.css';
import './reply-footer.css';
import './report.css';
